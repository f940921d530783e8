DROP TABLE system_settings;
DROP TABLE users;
DROP FUNCTION verify_password(text, text);
DROP FUNCTION hash_password(text);
DROP FUNCTION touch_updated_at();
DROP FUNCTION current_user_id();
-- The extensions stay: they may have been there before, and belong to the database's administrator.
