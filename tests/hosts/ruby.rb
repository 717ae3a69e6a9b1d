# SPDX-License-Identifier: MIT
require 'sqlite3'

def connect
  db = SQLite3::Database.new(ARGV[1])
  db.busy_timeout(15_000)
  db.enable_load_extension(true)
  db.load_extension(ARGV[0])
  db
end

# Ruby's lock is held while a statement runs: the call comes from within it.
db = connect
db.create_function('begun', 0) { db.interrupt }
begin
  db.get_first_value($stdin.read)
rescue SQLite3::InterruptException => e
  puts e.message
end
puts db.get_first_value('SELECT count(*) > 0 FROM reg_attempts')
db.close

1000.times do
  db = connect
  row = db.get_first_row("SELECT reg_mask('ada@example.com'), (SELECT count(*) > 0 FROM reg_attempts)")
  db.close
  raise row.inspect unless row == ['a***@example.com', 1]
end
puts 'reloaded'
