-- Room blueprint: the ledger of a build, which monitors, auditors and administrators read.
insert into blueprint.rooms (schema_name, layer, component, contract) values ('canary', 999, 'canary', '{}');
insert into blueprint.tasks (id, component, category, action, title, details) values
  ('BUILD_9998', 'canary', 'canary', 'canary', 'Canary', '{"behaviour": "", "verify": ""}'), ('BUILD_9999', 'canary', 'canary', 'canary', 'Canary two', '{"behaviour": "", "verify": ""}');
insert into blueprint.task_needs (task_id, needs_id) values ('BUILD_9999', 'BUILD_9998');
insert into blueprint.runs (id, kind, status, started_at, finished_at) values (id('run'), 'plan', 'succeeded', now(), now());
insert into blueprint.task_runs (id, run_id, task_id, phase, status, started_at, finished_at) values (id('task run'), id('run'), 'BUILD_9998', 'deploy', 'succeeded', now(), now());
insert into blueprint.objects (classid, objid, objsubid, object_type, identity) values (1, 1, 0, 'canary', 'canary');
insert into blueprint.drift_findings (id, kind, object_type, identity, found) values (id('finding'), 'foreign', 'canary', 'canary', '{}');
