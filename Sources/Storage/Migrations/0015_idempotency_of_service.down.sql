REVOKE INSERT, UPDATE ON idempotency_keys FROM bunko_worker;
