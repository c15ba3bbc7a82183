-- A copy for trying: its links open nothing, nobody is written to, no card is charged.
UPDATE clinic_link
   SET revoked_at = now() AT TIME ZONE 'utc'
 WHERE revoked_at IS NULL;
UPDATE clinic_message_attempt
   SET state = 'failed', error = 'The database was neutralized.'
 WHERE state IN ('leased', 'unknown');
UPDATE clinic_message
   SET state = 'canceled', reason = 'The database was neutralized.'
 WHERE state IN ('queued', 'in_progress', 'review');
INSERT INTO ir_config_parameter (key, value)
     VALUES ('clinic_dunning.home', 'neutralized')
ON CONFLICT (key) DO UPDATE SET value = excluded.value;
