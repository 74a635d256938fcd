-- When the texts of a deleted document had been removed from receipts, feedback and messages; NULL until then. Upkeep
-- reads all receipts of a knowledge base for that, and only where a deletion has not been followed up yet.
ALTER TABLE documents ADD COLUMN forgotten_at INTEGER;
CREATE INDEX documents_to_forget ON documents (knowledge_base) WHERE deleted_at IS NOT NULL AND forgotten_at IS NULL;
