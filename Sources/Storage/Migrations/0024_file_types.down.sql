UPDATE system_settings
SET value = '["txt", "md"]'
WHERE key = 'supported_file_types'
    AND value = '["txt", "text", "log", "md", "markdown", "html", "htm", "xhtml", "pdf", "docx", "docm", "pptx", "pptm", "xlsx", "xlsm", "csv", "tsv", "json", "jsonl", "ndjson"]';
