# SPDX-License-Identifier: MIT
"""The night as a team would write it in an afternoon: sign-ups from a CSV file, a code by mail to each, an outcome to the fraud API for each.

team.py night CSV DATABASE SMTP_PORT FRAUD_URL THREADS
team.py report DATABASE FRAUD_URL                        only the outcomes that a database holds

argon2-cffi, csv, sqlite3, smtplib and requests, each used as its documentation shows. It checks less than the ledger does, keeps one table, and
forgets what it was doing when it is killed. $BENCH_TOKEN is the API's token.
"""
import concurrent.futures
import csv
import email.message
import os
import re
import secrets
import smtplib
import sqlite3
import sys

import argon2
import requests

hasher = argon2.PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
PHONE = re.compile(r"\+[1-9][0-9]{6,14}")


def good(row):
    password = row["password"]
    return (EMAIL.fullmatch(row["email"]) and PHONE.fullmatch(row["phone"]) and row["consent_terms"] == "accepted" and len(password) >= 8
            and any(c.islower() for c in password) and any(c.isupper() for c in password) and any(c.isdigit() for c in password))


def open_database(path):
    db = sqlite3.connect(path)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("""CREATE TABLE IF NOT EXISTS signup (id INTEGER PRIMARY KEY, attempted_at INTEGER, email TEXT UNIQUE, username TEXT UNIQUE,
                  phone TEXT UNIQUE, country TEXT, password_hash TEXT, outcome TEXT, code TEXT, sent INTEGER DEFAULT 0, reported INTEGER DEFAULT 0)""")
    return db


def read(db, source, threads):
    with open(source, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        hashes = pool.map(lambda row: hasher.hash(row["password"]) if good(row) else None, rows)
        for row, password_hash in zip(rows, hashes):
            outcome = "success" if password_hash else "failure"
            try:
                db.execute("INSERT INTO signup (attempted_at, email, username, phone, country, password_hash, outcome, code) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                           (row["attempted_at"], row["email"], row["username"], row["phone"], row["country"], password_hash, outcome,
                            secrets.token_urlsafe(48)))
            except sqlite3.IntegrityError:
                db.execute("INSERT INTO signup (attempted_at, outcome) VALUES (?, 'failure')", (row["attempted_at"],))
    db.commit()


def send(db, port):
    with smtplib.SMTP("127.0.0.1", port) as smtp:
        for key, address, code in db.execute("SELECT id, email, code FROM signup WHERE outcome = 'success' AND NOT sent").fetchall():
            message = email.message.EmailMessage()
            message["From"], message["To"], message["Subject"] = "no-reply@example.com", address, "Confirm your registration"
            message.set_content(f"Please confirm your registration: https://example.com/confirm?token={code}\n")
            smtp.send_message(message)
            db.execute("UPDATE signup SET sent = 1 WHERE id = ?", (key,))
            db.commit()


def report(db, url):
    with requests.Session() as session:
        session.headers["Authorization"] = "token " + os.environ["BENCH_TOKEN"]
        for key, moment, outcome, address in db.execute("SELECT id, attempted_at, outcome, email FROM signup WHERE NOT reported").fetchall():
            answer = session.post(url, json={"userId": str(key), "timestamp": int(moment), "email": address, "success": outcome == "success"}, timeout=30)
            answer.raise_for_status()
            db.execute("UPDATE signup SET reported = 1 WHERE id = ?", (key,))
            db.commit()


if sys.argv[1] == "night":
    source, database, smtp_port, fraud_url, threads = sys.argv[2:7]
    night = open_database(database)
    read(night, source, int(threads))
    send(night, int(smtp_port))
    report(night, fraud_url)
else:
    report(open_database(sys.argv[2]), sys.argv[3])
