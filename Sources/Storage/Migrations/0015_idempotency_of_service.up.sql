-- What the service does for a request, such as making an account, keeps the request's answer in the same transaction.
GRANT INSERT, UPDATE ON idempotency_keys TO bunko_worker;
