-- Every format that has an extractor now, unless an administrator has chosen.
UPDATE system_settings
SET value = '["txt", "text", "log", "md", "markdown", "html", "htm", "xhtml", "pdf", "docx", "docm", "pptx", "pptm", "xlsx", "xlsm", "csv", "tsv", "json", "jsonl", "ndjson"]'
WHERE key = 'supported_file_types' AND value = '["txt", "md"]';
