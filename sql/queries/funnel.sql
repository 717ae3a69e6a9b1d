-- How far have the sign-ups of each day come, and where do they stop?
-- Needs the extension, for the bars: .load build/reg
SELECT day, received, accepted, code_sent, confirmed, registered, kyc, subscribed,
       reg_bar(received, max(received) OVER (), 20) AS received_bar,
       reg_bar(registered, max(received) OVER (), 20) AS registered_bar
  FROM funnel
 ORDER BY day;
