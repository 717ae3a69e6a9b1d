// SPDX-License-Identifier: MIT
// Signs somebody up, confirms the code, and asks what came of it: go run golang.go LIBRARY LEDGER
package main

import (
	"database/sql"
	"fmt"
	"os"

	"github.com/mattn/go-sqlite3"
)

func main() {
	sql.Register("sqlite3_reg", &sqlite3.SQLiteDriver{Extensions: []string{os.Args[1]}})
	db, err := sql.Open("sqlite3_reg", "file:"+os.Args[2]+"?_busy_timeout=15000")
	ask := func(query string, values ...interface{}) (answer string) {
		if err == nil {
			err = db.QueryRow(query, values...).Scan(&answer)
		}
		return
	}
	email := "golang@example.com"
	if err == nil {
		_, err = db.Exec("INSERT INTO reg_attempts (email, password) VALUES (?, ?)", email, "A9#bL8@z")
	}
	code := ask("SELECT reg_issue_code(?, 'none')", email) // for you to deliver
	verdict := ask("SELECT reg_verify_code(?, ?)", email, code)
	outcome := ask("SELECT outcome FROM reg_attempts WHERE email = ?", email)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(verdict, outcome)
}
