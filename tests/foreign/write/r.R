# SPDX-License-Identifier: MIT
# write.csv and, with "semicolons", write.csv2 of a data frame: row names in a first column without a name, missing values a bare NA,
# times as R prints them, numbers beyond 15 digits rounded.
library(utils)
fields <- c(".external_id", ".email", ".username", ".given_name", ".family_name", ".phone", ".birth_date", ".country", ".locale", ".currency",
  ".signed_up_utc", ".email_verified", ".accepts_terms", ".accepts_marketing", ".ip_address", ".device", ".user_agent", ".address", ".note")
filter <- paste0(".[] | [", paste(fields, collapse = ", "), "] | map(if . == null then \"<missing>\" else tostring end) | @csv")
rows <- read.csv(pipe(paste("jq -r", shQuote(filter), "people.json")),
  header = FALSE, na.strings = "<missing>", encoding = "UTF-8", colClasses = "character")
names(rows) <- c("customer.id", "Email.Address", "username", "first.name", "last.name", "Phone", "birthday", "country", "locale", "currency",
  "signup.date", "email.verified", "terms", "marketing", "ip", "device", "user.agent", "address", "note")
rows$customer.id <- as.numeric(rows$customer.id)
rows$signup.date <- as.POSIXct(rows$signup.date, format = "%Y-%m-%dT%H:%M:%OSZ", tz = "UTC")
rows$birthday <- as.Date(rows$birthday)
for (flag in c("email.verified", "terms", "marketing")) rows[[flag]] <- rows[[flag]] == "true"
if (identical(commandArgs(TRUE), "semicolons")) write.csv2(rows, row.names = FALSE) else write.csv(rows)
