-- SPDX-License-Identifier: MIT
-- The ledger, version 5.

-- What a rejected record is, where its kind does not say it: header_again. Its kind is field_count then: the list of kinds cannot grow, because SQLite
-- makes a table anew for that, and does not while the host reads anything on the connection.
ALTER TABLE reject ADD COLUMN what TEXT CHECK (what IS NULL OR what = 'header_again');

-- The attempts that were put to a customer who was there already: few, so that look-ups by customer_id cost a write next to nothing.
CREATE INDEX attempt_customer ON attempt (customer_id) WHERE customer_id <> id;
CREATE INDEX decision_customer ON decision (customer_id) WHERE customer_id <> attempt_id;

-- The tries of which nobody knows what came: few among millions, and asked for at every look at the queues.
CREATE INDEX try_ambiguous ON try (started_at) WHERE result = 'ambiguous';

-- Whether attempts were recorded in the order of their ids, as ledger time has them (see version 3). Earlier versions wrote by a clock that may have gone back.
ALTER TABLE clock ADD COLUMN in_order INTEGER NOT NULL DEFAULT 1;
UPDATE clock SET in_order = NOT EXISTS (SELECT 1 FROM attempt a
    WHERE a.recorded_at < (SELECT b.recorded_at FROM attempt b WHERE b.id < a.id ORDER BY b.id DESC LIMIT 1)); -- not by lag(), which keeps all rows
