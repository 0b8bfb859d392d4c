-- Which blocks of 256 events have a word, or are evidence for a framework ('framework:soc2'). A full-text index cannot give its
-- hits in the order of the log: of a frequent word it gives all before the newest. It serves for words that are seldom together.
CREATE TABLE ledger_word (
  word  text   NOT NULL,
  block bigint NOT NULL,
  PRIMARY KEY (word, block)
);
INSERT INTO ledger_word
  SELECT DISTINCT word, sequence / 256 FROM ledger_event CROSS JOIN LATERAL (
    SELECT unnest(tsvector_to_array(words)) UNION ALL SELECT 'framework:' || unnest(frameworks)
  ) AS t(word);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_word FOR EACH STATEMENT EXECUTE FUNCTION evidence_is_append_only();
DROP INDEX ledger_event_by_framework;
