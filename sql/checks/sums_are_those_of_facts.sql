-- SPDX-License-Identifier: MIT
-- The sums that are kept of a day at rest are those of its attempts.
SELECT day, kept, facts, kept_outcomes, outcomes, kept_states, states
  FROM (SELECT date(r.day * 86400, 'unixepoch') AS day,
               json_array(r.received, r.accepted, r.code_sent, r.confirmed, r.registered, r.kyc, r.subscribed) AS kept,
               (SELECT json_array(count(*), sum(p.accepted), sum(p.code_sent), sum(p.confirmed), sum(p.registered), sum(p.kyc), sum(p.subscribed))
                  FROM attempt_progress p WHERE p.attempted_at >= r.day * 86400000 AND p.attempted_at < (r.day + 1) * 86400000) AS facts,
               (SELECT json_group_object(outcome || reasons, attempts) FROM (SELECT k.outcome, k.reasons, k.attempts FROM kept_outcome k WHERE k.day = r.day ORDER BY 1, 2))
               AS kept_outcomes,
               (SELECT json_group_object(outcome || reasons, attempts)
                  FROM (SELECT coalesce(d.outcome, a.outcome) AS outcome, coalesce(CASE WHEN d.id IS NULL THEN a.reasons ELSE d.reasons END, '') AS reasons, count(*) AS attempts
                          FROM attempt a
                          LEFT JOIN decision d ON d.id = CASE WHEN a.outcome = 'pending' THEN (SELECT max(n.id) FROM decision n WHERE n.attempt_id = a.id) END
                         WHERE a.attempted_at >= r.day * 86400000 AND a.attempted_at < (r.day + 1) * 86400000
                         GROUP BY 1, 2 ORDER BY 1, 2)) AS outcomes,
               (SELECT json_group_object(what || ' ' || state, attempts) FROM (SELECT k.what, k.state, k.attempts FROM kept_state k WHERE k.day = r.day ORDER BY 1, 2))
               AS kept_states,
               (SELECT json_group_object(what || ' ' || state, attempts)
                  FROM (SELECT 'code' AS what, s.code AS state, count(*) AS attempts
                          FROM attempt_state s WHERE s.attempted_at >= r.day * 86400000 AND s.attempted_at < (r.day + 1) * 86400000 AND s.code IS NOT NULL GROUP BY 2
                        UNION ALL
                        SELECT 'report', s.report, count(*)
                          FROM attempt_state s WHERE s.attempted_at >= r.day * 86400000 AND s.attempted_at < (r.day + 1) * 86400000 AND s.report IS NOT NULL GROUP BY 2
                         ORDER BY 1, 2)) AS states
          FROM resting_day r)
 WHERE (kept, kept_outcomes, kept_states) IS NOT (facts, outcomes, states)
