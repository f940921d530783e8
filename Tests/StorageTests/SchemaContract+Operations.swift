extension SchemaContract {
    /// What can be done with the data, which design asks for it, and the test that proves it.
    static let operations: [(name: String, design: String, test: String)] = [
        ("Migrate down and up again, on data", "secretary", "Down step by step and up again, with data in it, leaves the same schema"),
        ("Install the six personas", "avatar", "The six built-in personas have prompts and are seen by everybody"),
        ("Change a built-in persona", "decision", "The built-in personas are read by all and written only for the system user"),
        (
            "Publish a draft of a persona and go back", "decision",
            "Each change of prompt or parameters adds a version, and none of anything else"
        ),
        ("Title, count and time of a conversation", "avatar", "Statements over many rows and conversations keep count and time"),
        (
            "Make partitions ahead and for past months", "both",
            "Rows leave the default partition with their attachments, once, however many ask"
        ),
        ("Archive old messages", "secretary", "Old messages move, remember their files, and come back"),
        ("Archive inactive conversations", "avatar", "Idle conversations move with all they have, and come back"),
        ("Restore from the archive", "decision", "A conversation whose assistant is gone comes back with a persona"),
        (
            "Archive on a schedule", "secretary",
            "A round makes partitions, archives by the setting and clears away; a second finds nothing to do"
        ),
        ("Search by plain SQL", "secretary", "The index for plain SQL is made once there are a thousand rows"),
        ("Monitor sizes and the use of indexes", "secretary", "The figures name tables, indexes, partitions, connections and pools"),
        ("Access per user", "both", "A user sees and changes nothing of another's in any table"),
        (
            "Use another's public assistant", "decision",
            "Others use a public assistant's persona, and its knowledge only while that is shared"
        ),
        ("Share knowledge with everybody", "decision", "Administrators write it, others read it, and assistants that want it search it"),
        ("Back up and restore", "secretary", "What was backed up comes back row for row and byte for byte, after everything is gone"),
        ("Delete backups past their days", "secretary", "Backups past their days go, the others and foreign folders stay"),
        ("List and page by index", "both", "Every list and every page of it is read by its index"),
    ]
}
