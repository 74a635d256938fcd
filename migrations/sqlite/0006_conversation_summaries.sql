-- What the older turns of a conversation were about, once they are too many to be shown to a model. A table of its own:
-- lists of conversations do not read it, and code that knows nothing of it goes on as before.
CREATE TABLE conversation_summaries (
    conversation BLOB    NOT NULL PRIMARY KEY REFERENCES conversations (id) ON DELETE CASCADE,
    -- How many messages it covers, from the first on.
    messages     INTEGER NOT NULL CHECK (messages > 0),
    text         TEXT    NOT NULL
) STRICT;
