// SPDX-License-Identifier: MIT
package main

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/mattn/go-sqlite3"
)

func check(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func main() {
	work, cancel := context.WithCancel(context.Background())
	var once sync.Once
	begun := func() int64 { once.Do(cancel); return 1 }
	sql.Register("sqlite3_reg", &sqlite3.SQLiteDriver{
		Extensions:  []string{os.Args[1]},
		ConnectHook: func(db *sqlite3.SQLiteConn) error { return db.RegisterFunc("begun", begun, false) },
	})
	source := "file:" + os.Args[2] + "?_busy_timeout=15000"
	endless, err := io.ReadAll(os.Stdin)
	check(err)
	db, err := sql.Open("sqlite3_reg", source)
	check(err)
	var count int64
	err = db.QueryRowContext(work, string(endless)).Scan(&count)
	if err == context.Canceled || (err != nil && strings.Contains(err.Error(), "interrupted")) {
		fmt.Println("interrupted")
	}
	check(db.QueryRow("SELECT count(*) > 0 FROM reg_attempts").Scan(&count))
	fmt.Println(count)
	check(db.Close())
	for i := 0; i < 1000; i++ {
		db, err := sql.Open("sqlite3_reg", source)
		check(err)
		var masked string
		check(db.QueryRow("SELECT reg_mask('ada@example.com'), (SELECT count(*) > 0 FROM reg_attempts)").Scan(&masked, &count))
		check(db.Close())
		if masked != "a***@example.com" || count != 1 {
			os.Exit(1)
		}
	}
	fmt.Println("reloaded")
}
