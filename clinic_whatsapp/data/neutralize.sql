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
-- What patients wrote and what is for them only is not for those who try.
DELETE FROM ir_attachment
 WHERE res_model = 'clinic.patient.document' AND res_field = 'content';
UPDATE clinic_patient_document
   SET state = 'erased',
       file_name = NULL,
       reference = NULL,
       match_key = NULL,
       content_hash = NULL,
       erased_at = now() AT TIME ZONE 'utc'
 WHERE state != 'erased';
UPDATE clinic_reply SET body_kept = NULL WHERE body_kept IS NOT NULL;
UPDATE clinic_twilio_event SET form = NULL WHERE form IS NOT NULL;
