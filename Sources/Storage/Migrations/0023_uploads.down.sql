REVOKE INSERT ON file_contents FROM bunko_worker;
DROP TABLE uploads;
