-- A copy for trying: no account can be used, even with keys of the environment.
UPDATE clinic_twilio_account
   SET active = FALSE,
       auth_token = NULL,
       api_key_sid = NULL,
       api_key_secret = NULL,
       breaker_state = 'open',
       breaker_until = now() AT TIME ZONE 'utc' + interval '100 years',
       breaker_reason = 'The database was neutralized.';
UPDATE clinic_message_attempt SET lookup_at = NULL WHERE lookup_at IS NOT NULL;
UPDATE clinic_whatsapp_content SET next_check_at = NULL WHERE next_check_at IS NOT NULL;
