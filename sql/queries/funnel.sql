-- How far did each day's sign-ups get, and where did they stop?
-- Needs the extension, for the bars: .load build/reg
SELECT day, received, accepted, code_sent, confirmed, registered, kyc, subscribed,
       reg_bar(received, max(received) OVER (), 20) AS received_bar,
       reg_bar(registered, max(received) OVER (), 20) AS registered_bar
  FROM funnel
 ORDER BY day;
