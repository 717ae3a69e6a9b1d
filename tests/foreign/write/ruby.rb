# SPDX-License-Identifier: MIT
# CSV.generate as a Rails rake task has it: times as Time#to_s writes them, nil bare and the empty string quoted.
require "csv"
require "json"
require "time"

fields = %w[external_id email username given_name family_name phone birth_date country locale currency email_verified accepts_terms
            accepts_marketing ip_address device user_agent address note]
csv = CSV.generate do |out|
  out << ["Id", "E-mail", "Username", "First name", "Last name", "Phone number", "Date of birth", "Country", "Locale", "Currency", "E-mail verified",
          "Terms accepted", "Marketing consent", "IP address", "Device", "User agent", "Address", "Note", "Created at"]
  JSON.parse(File.read("people.json", encoding: "UTF-8")).each do |person|
    out << person.values_at(*fields) + [Time.parse(person["signed_up_at"]).utc]
  end
end
$stdout.binmode.write csv
