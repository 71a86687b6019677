-- Room design, documentation: what every table and column holds, in which unit, and what a change of a parameter means.

-- task: BUILD_0070 add_comments
-- title: Document design objects with units, invariants and licence notes
-- does: Every table and column of room design says what it holds, with units; @immutable tells the API what cannot be patched, @distribution how rows spread. View design.parameter_reference lists
--   each parameter of each family with unit, range, class of change and meaning.
-- proves: nothing in room design is undocumented, parameter_reference gives mm and a range for butt.pin_mm to anon, versions are marked immutable and lock tokens secret.
-- needs: BUILD_0010, BUILD_0063, BUILD_0064, BUILD_0066, BUILD_0067, BUILD_0068, BUILD_0069, BUILD_0072, BUILD_0073, BUILD_0074, BUILD_0075, BUILD_0076, BUILD_0077, BUILD_0078, BUILD_0079, BUILD_0080
comment on table design.licences is 'Licences designs come under, by SPDX id. @distribution reference';
comment on column design.licences.spdx_id is 'SPDX identifier, as CERN-OHL-S-2.0.';
comment on column design.licences.name is 'Name as people say it.';
comment on column design.licences.kind is 'hardware, content or software: what it was written for.';
comment on column design.licences.permits_commercial is 'What is made may be sold.';
comment on column design.licences.permits_derivatives is 'It may be changed.';
comment on column design.licences.share_alike is 'What comes of it keeps the licence.';
comment on column design.licences.requires_attribution is 'Authors are to be named.';
comment on column design.licences.text_url is 'Where the text is.';

comment on table design.licence_compatibility is 'What under one licence may go into something under another. To be confirmed by counsel. @distribution reference';
comment on column design.licence_compatibility.inbound_spdx is 'Licence of what is taken.';
comment on column design.licence_compatibility.outbound_spdx is 'Licence of what it goes into.';
comment on column design.licence_compatibility.verdict is 'allowed, conditional or forbidden.';
comment on column design.licence_compatibility.condition is 'What to acknowledge, of conditional ones.';
comment on column design.licence_compatibility.note is 'Why.';

comment on table design.spec_schemas is 'What parameters hinges of a family have; a version in use never changes. @distribution reference @immutable';
comment on column design.spec_schemas.family is 'butt, piano, barrel, living, concealed, ...';
comment on column design.spec_schemas.version is 'Counts from 1 in the family.';
comment on column design.spec_schemas.json_schema is 'JSON Schema of the parameters; x-rules across parameters, x-class and x-tolerance of changes.';
comment on column design.spec_schemas.units is 'Unit of each parameter.';
comment on column design.spec_schemas.status is 'draft, active or retired.';

comment on table design.versions is 'Versions of designs: content under its digest, released and withdrawn once each. @distribution design_id @immutable';
comment on column design.versions.id is 'Version 7 UUID: children are newer than their parents.';
comment on column design.versions.design_id is 'The design.';
comment on column design.versions.number is 'Counts from 1 in the design.';
comment on column design.versions.label is 'Semantic version, given by the release.';
comment on column design.versions.content_sha256 is 'design.manifest_sha256() of files, spec, parts and licence.';
comment on column design.versions.message is 'What the author said.';
comment on column design.versions.author_id is 'Who committed it.';
comment on column design.versions.licence_spdx is 'Licence of this version.';
comment on column design.versions.created_at is 'When it was committed.';
comment on column design.versions.released_at is 'When it was released.';
comment on column design.versions.yanked_at is 'When it was withdrawn.';
comment on column design.versions.yank_reason is 'Why it was withdrawn.';

comment on table design.version_edges is 'What versions came from, across designs where they were forked. @distribution child_id @immutable';
comment on column design.version_edges.child_id is 'The newer version.';
comment on column design.version_edges.parent_id is 'The older version.';
comment on column design.version_edges.kind is 'parent, merge, fork or import.';

comment on table design.files is 'Files of a version; the bytes are in core.assets. @distribution version_id @immutable';
comment on column design.files.version_id is 'The version.';
comment on column design.files.path is 'Path in the design, without .. and leading slash.';
comment on column design.files.asset_id is 'The stored file.';
comment on column design.files.role is 'cad, mesh, drawing, firmware, doc or photo.';
comment on column design.files.sha256 is 'Digest of the bytes.';
comment on column design.files.byte_size is 'Size in bytes.';

comment on table design.hinge_specs is 'Parameters of the hinge a version is. @distribution version_id @immutable';
comment on column design.hinge_specs.version_id is 'The version.';
comment on column design.hinge_specs.family is 'Family of the schema.';
comment on column design.hinge_specs.schema_version is 'Version of the schema.';
comment on column design.hinge_specs.params is 'Parameters, valid by the schema; lengths in mm, loads in N, angles in degrees.';
comment on column design.hinge_specs.derived is 'Estimates worked out of them (design.derive).';
comment on column design.hinge_specs.params_sha256 is 'Digest of the parameters, however they were written.';

comment on table design.bom_items is 'Parts of a version: materials and other designs. @distribution version_id @immutable';
comment on column design.bom_items.version_id is 'The version.';
comment on column design.bom_items.line_no is 'Counts from 1.';
comment on column design.bom_items.term_id is 'Material, or null.';
comment on column design.bom_items.part_design_id is 'Design of the part, or null.';
comment on column design.bom_items.quantity is 'For one of the version.';
comment on column design.bom_items.unit is 'Unit of the quantity.';
comment on column design.bom_items.mass_g is 'Mass in grams, where known.';
comment on column design.bom_items.make_or_buy is 'make or buy.';
comment on column design.bom_items.notes is 'What else to know.';

comment on table design.collaborators is 'Who works on a design beside its owner. @distribution design_id';
comment on column design.collaborators.design_id is 'The design.';
comment on column design.collaborators.user_id is 'The person.';
comment on column design.collaborators.role is 'owner, editor (commits), commenter (reviews) or viewer (reads drafts).';
comment on column design.collaborators.invited_by is 'Who invited.';
comment on column design.collaborators.invited_at is 'When.';
comment on column design.collaborators.accepted_at is 'When the person accepted; nothing before.';
comment on column design.collaborators.during is 'For how long.';

comment on table design.reviews is 'Verdicts on versions, in rounds. Reviewer notes hold no personal data. @distribution version_id';
comment on column design.reviews.id is 'Version 7 UUID.';
comment on column design.reviews.version_id is 'The version.';
comment on column design.reviews.reviewer_id is 'Who reviews; never the author.';
comment on column design.reviews.round is 'Counts from 1 per version.';
comment on column design.reviews.verdict is 'approve, request_changes or comment; null until given.';
comment on column design.reviews.checklist is 'What was looked at, as {"prints": true}.';
comment on column design.reviews.body is 'What the reviewer says.';
comment on column design.reviews.anchors is 'Places in files and parameters the review is about.';
comment on column design.reviews.submitted_at is 'When the verdict was given.';
comment on column design.reviews.resolved_at is 'When nothing was open any more.';
comment on column design.reviews.created_at is 'When it was asked for.';
comment on column design.reviews.updated_at is 'When the row last really changed.';

comment on table design.listings is 'Offers of released versions on the marketplace. @distribution design_id';
comment on column design.listings.id is 'Version 7 UUID.';
comment on column design.listings.design_id is 'The design.';
comment on column design.listings.version_id is 'The version on offer.';
comment on column design.listings.status is 'State machine listing: draft, listed, suspended, sold_out, closed.';
comment on column design.listings.price_usd is 'Price in USD.';
comment on column design.listings.currency is 'Currency the buyer is shown.';
comment on column design.listings.royalty_percent is 'Share for the author of what is made of it.';
comment on column design.listings.min_quantity is 'Least order.';
comment on column design.listings.stats is 'views, saves, orders, downloads, open_reports, as last counted.';
comment on column design.listings.rank_score is 'What the marketplace is ordered by (design.refresh_rank).';
comment on column design.listings.listed_at is 'First time on offer.';
comment on column design.listings.metadata is 'Notes of the platform.';
comment on column design.listings.created_at is 'When it was drafted.';
comment on column design.listings.updated_at is 'When the row last really changed.';

comment on table design.listing_ratings is 'Stars of buyers, one a person and listing. @distribution listing_id';
comment on column design.listing_ratings.listing_id is 'The listing.';
comment on column design.listing_ratings.user_id is 'Who rates.';
comment on column design.listing_ratings.stars is '1 to 5.';
comment on column design.listing_ratings.body is 'What the person says.';
comment on column design.listing_ratings.verified_purchase is 'The platform saw the purchase; only these count.';
comment on column design.listing_ratings.created_at is 'When.';

comment on table design.edit_locks is 'Who edits which path right now; unlogged, a crash ends all locks. @distribution design_id';
comment on column design.edit_locks.design_id is 'The design.';
comment on column design.edit_locks.path is 'The path.';
comment on column design.edit_locks.user_id is 'Who holds it.';
comment on column design.edit_locks.acquired_at is 'Since when, or last renewed.';
comment on column design.edit_locks.expires_at is 'Until when; 15 minutes at most.';
comment on column design.edit_locks.token is 'Shown once to the holder. @secret';

create view design.parameter_reference with (security_invoker) as
  select s.family, s.version, p.key as parameter, s.units ->> p.key as unit, p.value ->> 'type' as type, (p.value ->> 'minimum')::numeric as minimum, (p.value ->> 'maximum')::numeric as maximum, p.value -> 'enum' as choices,
    coalesce(s.json_schema -> 'required' ? p.key, false) as is_required, p.value ->> 'x-class' as change_class, p.value ->> 'description' as meaning
  from design.spec_schemas s, jsonb_each(s.json_schema -> 'properties') p;

grant select on design.parameter_reference to hc_anon, hc_agent, hc_auditor;

comment on view design.parameter_reference is 'Parameters of every hinge family with unit, range and meaning.';
comment on column design.parameter_reference.family is 'Family.';
comment on column design.parameter_reference.version is 'Version of its schema.';
comment on column design.parameter_reference.parameter is 'Key in params.';
comment on column design.parameter_reference.unit is 'Unit, 1 for counts, null for words.';
comment on column design.parameter_reference.type is 'number, integer or string.';
comment on column design.parameter_reference.minimum is 'Least value.';
comment on column design.parameter_reference.maximum is 'Largest value.';
comment on column design.parameter_reference.choices is 'Values to choose from.';
comment on column design.parameter_reference.is_required is 'Every spec of the family has it.';
comment on column design.parameter_reference.change_class is 'What a change of it is: cosmetic, functional or breaking.';
comment on column design.parameter_reference.meaning is 'What it is.';

-- verify
select count(*) = 0 from blueprint.undocumented('design');
select t, exists (select from blueprint.annotations(('design.' || t)::regclass) where tag = 'immutable'), exists (select from blueprint.annotations(('design.' || t)::regclass) where tag = 'distribution') from unnest(array['versions', 'version_edges', 'files', 'hinge_specs', 'bom_items', 'spec_schemas']) t;
select exists (select from blueprint.annotations('design.edit_locks') where column_name = 'token' and tag = 'secret');
set local role hc_anon;
select unit = 'mm' and minimum > 0 and maximum > minimum and is_required and change_class = 'breaking' and type = 'number' and meaning like 'Diameter%' from design.parameter_reference where family = 'butt' and version = 1 and parameter = 'pin_mm';
set local role hc_owner;
select role, has_table_privilege(role, 'design.parameter_reference', 'select'), (select reloptions::text like '%security_invoker%' from pg_class where oid = 'design.parameter_reference'::regclass) from unnest(array['hc_anon', 'hc_agent', 'hc_auditor']) role;
select attname, col_description(attrelid, attnum) is not null from pg_attribute where attrelid = 'design.parameter_reference'::regclass and attnum > 0;
