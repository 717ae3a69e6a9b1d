# SPDX-License-Identifier: MIT
# Signs somebody up, confirms the code, and asks what came of it: ruby ruby.rb LIBRARY LEDGER
require 'sqlite3'
db = SQLite3::Database.new(ARGV[1])
db.busy_timeout(15_000)
db.enable_load_extension(true)
db.load_extension(ARGV[0])
db.enable_load_extension(false)
email = 'ruby@example.com'
db.execute('INSERT INTO reg_attempts (email, password) VALUES (?, ?)', [email, 'A9#bL8@z'])
code = db.get_first_value("SELECT reg_issue_code(?, 'none')", [email]) # for you to deliver
verdict = db.get_first_value('SELECT reg_verify_code(?, ?)', [email, code])
puts "#{verdict} #{db.get_first_value('SELECT outcome FROM reg_attempts WHERE email = ?', [email])}"
