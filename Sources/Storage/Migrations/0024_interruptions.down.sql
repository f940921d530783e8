ALTER TABLE jobs DROP interruptions;
