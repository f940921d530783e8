DROP FUNCTION authenticate_api_key(text, bytea);
DROP POLICY users_authentication ON users;
DROP TABLE api_keys;
