#!/bin/sh
# SPDX-License-Identifier: MIT
# LibreOffice's "Save as CSV", without a window: one workbook, in the locales and with the options that people choose.
#   libreoffice.sh DIRECTORY     writes libreoffice*.csv there
set -eu
out=$1
base=$(mktemp -d)
trap 'rm -rf "$base"' EXIT
/usr/bin/python3 write/spreadsheet.py "$base/people.xlsx"

# convert LOCALE FROM FILTER NAME: a profile for each locale. The filter's tokens: separator, quote, character set, first line, formats, language,
# quote all texts, as shown.
convert() {
    profile=$base/profile-$1
    if [ ! -d "$profile" ]; then
        mkdir -p "$profile/user"
        cat >"$profile/user/registrymodifications.xcu" <<XCU
<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<item oor:path="/org.openoffice.Setup/L10N"><prop oor:name="ooSetupSystemLocale" oor:op="fuse"><value>$1</value></prop></item>
</oor:items>
XCU
    fi
    soffice "-env:UserInstallation=file://$profile" --headless --convert-to "$3" --outdir "$base/out" "$2" >"$base/log" 2>&1 || {
        cat "$base/log" >&2
        exit 1
    }
    case $3 in csv*) mv "$base/out/people.csv" "$out/$4" ;; *) mv "$base/out/people.${3%%:*}" "$base/$4" ;; esac
}
csv='csv:Text - txt - csv (StarCalc)'
convert en-US "$base/people.xlsx" csv libreoffice.csv
convert en-US "$base/people.xlsx" ods people.ods
convert en-US "$base/people.xlsx" "$csv:44,34,76,1,,0,true,true" libreoffice-quoted.csv
convert en-US "$base/people.xlsx" "$csv:9,34,65535,1,,0,true,true" libreoffice-utf-16.csv
convert de-DE "$base/people.xlsx" "$csv:59,34,76,1,,0,false,true" libreoffice-german.csv
convert de-DE "$base/people.xlsx" "$csv:59,34,1,1,,0,false,true" libreoffice-windows-1252.csv
convert de-DE "$base/people.ods" "$csv:59,34,76,1,,0,false,true" libreoffice-ods.csv
