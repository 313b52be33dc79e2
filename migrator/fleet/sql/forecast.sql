-- past_seconds --
-- How long targets took that were given just these scripts, in the order in which they are asked for.
SELECT run.number, count(*) AS outcomes, percentile_cont(0.5) WITHIN GROUP (ORDER BY outcome.seconds) AS seconds
FROM jsonb_to_recordset(CAST(:runs AS jsonb)) AS run (number integer, scope text, applied text[])
JOIN outcome ON outcome.scope = run.scope AND outcome.applied = run.applied
WHERE outcome.state = 'done' AND outcome.seconds IS NOT NULL
GROUP BY run.number
ORDER BY run.number;
