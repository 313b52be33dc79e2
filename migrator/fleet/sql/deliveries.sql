-- tell_fired --
-- Once for each channel and round; not while the alert is silenced.
INSERT INTO delivery (alert_id, kind, round, channel)
SELECT alert.id, 'fired', alert.round, wanted.channel
FROM alert
CROSS JOIN unnest(CAST(:channels AS text[])) AS wanted (channel)
WHERE alert.id = :alert_id AND alert.resolved_at IS NULL
  AND coalesce(alert.silenced_until <= clock_timestamp(), true)
ON CONFLICT DO NOTHING;

-- tell_resolved --
-- To those channels that were told, or are about to be.
INSERT INTO delivery (alert_id, kind, round, channel)
SELECT DISTINCT alert_id, 'resolved', 1, channel
FROM delivery
WHERE alert_id = :alert_id AND kind = 'fired' AND state IN ('pending', 'sent')
ON CONFLICT DO NOTHING;

-- drop_deliveries --
-- What nobody is sending at the moment is not sent any more.
UPDATE delivery
SET state = 'dropped', ended_at = clock_timestamp(), lease_until = NULL
WHERE alert_id = :alert_id AND kind = 'fired' AND state = 'pending'
  AND coalesce(lease_until <= clock_timestamp(), true);

-- due_channels --
-- Channels that something is to be sent through now, and since when the oldest of it is due.
SELECT channel, extract(epoch FROM clock_timestamp() - min(due_at)) AS age
FROM delivery
WHERE state = 'pending' AND due_at <= clock_timestamp() AND coalesce(lease_until <= clock_timestamp(), true)
GROUP BY channel
ORDER BY channel;

-- lock_channel --
SELECT pg_advisory_xact_lock(hashtextextended('migrator channel ' || :channel, 0));

-- claim_delivery --
-- The next one of a channel, for some seconds; none while somebody is sending through it. What is told of one alert
-- keeps its order.
UPDATE delivery
SET lease_until = clock_timestamp() + :seconds * interval '1 second', tries = delivery.tries + 1
FROM (
    SELECT next.id, alert.rule, alert.key, alert.severity, alert.sentence, alert.facts, alert.first_at, alert.last_at,
           alert.resolved_at, alert.times
    FROM delivery AS next
    JOIN alert ON alert.id = next.alert_id
    WHERE next.channel = :channel AND next.state = 'pending' AND next.due_at <= clock_timestamp()
      AND NOT EXISTS (SELECT FROM delivery AS held
                      WHERE held.channel = :channel AND held.state = 'pending' AND held.lease_until > clock_timestamp())
      AND NOT EXISTS (SELECT FROM delivery AS earlier
                      WHERE earlier.channel = :channel AND earlier.state = 'pending'
                        AND earlier.alert_id = next.alert_id AND earlier.id < next.id)
    ORDER BY next.id
    LIMIT 1) AS claimed
WHERE delivery.id = claimed.id
RETURNING delivery.id, delivery.alert_id, delivery.kind, delivery.channel, delivery.tries, claimed.rule, claimed.key,
          claimed.severity, claimed.sentence, claimed.facts, claimed.first_at, claimed.last_at, claimed.resolved_at,
          claimed.times, extract(epoch FROM clock_timestamp() - delivery.created_at) AS age;

-- end_delivery --
-- Void when somebody else has taken it over meanwhile.
UPDATE delivery
SET state = :state, error = :error, lease_until = NULL, ended_at = clock_timestamp()
WHERE id = :id AND tries = :tries AND state = 'pending';

-- postpone_delivery --
UPDATE delivery
SET error = :error, lease_until = NULL, due_at = clock_timestamp() + :seconds * interval '1 second'
WHERE id = :id AND tries = :tries AND state = 'pending';

-- rest_channel --
-- What else waits for the channel is not tried before either.
UPDATE delivery
SET due_at = greatest(due_at, clock_timestamp() + :seconds * interval '1 second')
WHERE channel = :channel AND state = 'pending' AND lease_until IS NULL;

-- give_up_deliveries --
-- Those that lie too long, because no worker knows their channel or it cannot be reached.
UPDATE delivery
SET state = 'failed', ended_at = clock_timestamp(), lease_until = NULL,
    error = coalesce(error, 'no worker knows the channel ' || channel)
WHERE state = 'pending' AND created_at < clock_timestamp() - :patience * interval '1 second'
  AND coalesce(lease_until <= clock_timestamp(), true);

-- deliveries --
SELECT * FROM delivery WHERE alert_id = :alert_id ORDER BY id;
