<?php
// SPDX-License-Identifier: MIT
// fputcsv() as most PHP has it: its default escape character, booleans and nulls as PHP makes text of them.
$out = fopen('php://stdout', 'w');
fputcsv($out, ['id', 'email', 'email_verified_at', 'username', 'first_name', 'last_name', 'phone', 'birthday', 'country', 'locale', 'currency',
    'created_at', 'terms', 'newsletter', 'registration_ip', 'device', 'user_agent', 'address', 'comment']);
foreach (json_decode(file_get_contents('people.json')) as $p) {
    $time = (new DateTimeImmutable($p->signed_up_at))->setTimezone(new DateTimeZone('UTC'))->format('Y-m-d H:i:s');
    fputcsv($out, [$p->external_id, $p->email, $p->email_verified ? $time : null, $p->username, $p->given_name, $p->family_name, $p->phone, $p->birth_date,
        $p->country, $p->locale, $p->currency, $time, $p->accepts_terms, $p->accepts_marketing, $p->ip_address, $p->device, $p->user_agent, $p->address,
        $p->note]);
}
