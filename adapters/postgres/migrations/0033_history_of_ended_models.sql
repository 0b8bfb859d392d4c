-- A model that is deleted takes its versions out of every stage: their history says so, by the event of the deletion (docs/adr/0022).
DROP TRIGGER has_event ON stage_change;
CREATE CONSTRAINT TRIGGER has_event AFTER INSERT ON stage_change DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  EXECUTE FUNCTION change_needs_its_event('model.promoted', 'model.went-back', 'model.replaced', 'model.demoted', 'model.retired',
    'model.deleted', 'model.imported');
DROP TRIGGER has_event ON version_stage;
CREATE CONSTRAINT TRIGGER has_event AFTER INSERT OR UPDATE ON version_stage DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  EXECUTE FUNCTION change_needs_its_event('model.stage-requested', 'model.promoted', 'model.went-back', 'model.replaced', 'model.demoted',
    'model.retired', 'model.deleted', 'model.imported');

-- The history of a name is that of every model that had it, ended ones too.
CREATE INDEX model_by_any_name ON model (name);
