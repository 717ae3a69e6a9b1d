// SPDX-License-Identifier: MIT
// encoding/csv over a struct without pointers: what is missing has Go's zero value, as in many a small back end.
package main

import (
	"encoding/csv"
	"encoding/json"
	"log"
	"os"
	"strconv"
	"time"
)

type person struct {
	ExternalID       string    `json:"external_id"`
	Email            string    `json:"email"`
	Username         string    `json:"username"`
	GivenName        string    `json:"given_name"`
	FamilyName       string    `json:"family_name"`
	Phone            string    `json:"phone"`
	BirthDate        string    `json:"birth_date"`
	Country          string    `json:"country"`
	Locale           string    `json:"locale"`
	Currency         string    `json:"currency"`
	SignedUpAt       time.Time `json:"signed_up_at"`
	EmailVerified    bool      `json:"email_verified"`
	AcceptsTerms     bool      `json:"accepts_terms"`
	AcceptsMarketing bool      `json:"accepts_marketing"`
	IPAddress        string    `json:"ip_address"`
	Device           string    `json:"device"`
	UserAgent        string    `json:"user_agent"`
	Address          string    `json:"address"`
	Note             string    `json:"note"`
}

func main() {
	file, err := os.Open("people.json")
	if err != nil {
		log.Fatal(err)
	}
	var people []person
	if err := json.NewDecoder(file).Decode(&people); err != nil {
		log.Fatal(err)
	}
	out := csv.NewWriter(os.Stdout)
	out.Write([]string{"external_id", "email", "username", "given_name", "family_name", "phone", "birth_date", "country", "locale", "currency",
		"signed_up_at", "verified_at", "email_verified", "tos_accepted", "marketing_accepted", "ip", "device", "user_agent", "address", "note"})
	for _, p := range people {
		var verified time.Time
		if p.EmailVerified {
			verified = p.SignedUpAt.Add(90 * time.Second)
		}
		birth, _ := time.Parse("2006-01-02", p.BirthDate)
		out.Write([]string{p.ExternalID, p.Email, p.Username, p.GivenName, p.FamilyName, p.Phone, birth.Format(time.RFC3339), p.Country, p.Locale,
			p.Currency, p.SignedUpAt.Format(time.RFC3339Nano), verified.Format(time.RFC3339), strconv.FormatBool(p.EmailVerified),
			strconv.FormatBool(p.AcceptsTerms), strconv.FormatBool(p.AcceptsMarketing), p.IPAddress, p.Device, p.UserAgent, p.Address, p.Note})
	}
	out.Flush()
	if err := out.Error(); err != nil {
		log.Fatal(err)
	}
}
