-- A page of risky events is read in the order of the log. An index by risk first gives them one risk after the other, all of them before the newest;
-- among ten millions that was felt.
CREATE INDEX ledger_event_high ON ledger_event (sequence) WHERE risk IN ('high', 'critical');
CREATE INDEX ledger_event_critical ON ledger_event (sequence) WHERE risk = 'critical';
CREATE INDEX ledger_event_high_by_resource ON ledger_event (resource text_pattern_ops, sequence) WHERE risk IN ('high', 'critical');
DROP INDEX ledger_event_by_risk;
