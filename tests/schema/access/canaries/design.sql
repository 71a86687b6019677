-- Room design: ada's designs in every visibility, on one of which cal works, dot did and eve is asked to; bob's beside them.
insert into design.collaborators (design_id, user_id, role, invited_by, accepted_at, during) values
  (id('design ada private'), id('cal'), 'editor', id('ada'), now(), running()), (id('design ada private'), id('dot'), 'editor', id('ada'), now(), past()),
  (id('design ada private'), id('eve'), 'viewer', id('ada'), null, running()), (id('design ada thrown away'), id('cal'), 'viewer', id('ada'), now(), running()),
  (id('design bob private'), id('bob'), 'owner', id('bob'), now(), running());

insert into design.versions (id, design_id, number, content_sha256, author_id, licence_spdx, released_at)
select id('version ' || name), id('design ' || design), number, digest(name), id(split_part(design, ' ', 1)), 'CC0-1.0', case when is_released then now() end
from (values ('ada private', 'ada private', 1, false), ('ada unlisted', 'ada unlisted', 1, true), ('ada community', 'ada community', 1, true), ('ada public', 'ada public', 1, true),
  ('ada public next', 'ada public', 2, false), ('ada thrown away', 'ada thrown away', 1, false), ('bob private', 'bob private', 1, true), ('bob public', 'bob public', 1, true)) v(name, design, number, is_released);

insert into design.version_edges (child_id, parent_id)
select greatest(a, b), least(a, b) from (values (id('version ada public next'), id('version ada public')), (id('version ada private'), id('version bob private'))) e(a, b);

insert into design.files (version_id, path, asset_id, role, sha256, byte_size)
select id('version ' || name), 'canary.stl', id('asset ada internal'), 'mesh', digest(name), 1 from unnest(array['ada thrown away', 'ada private', 'ada community', 'ada public', 'ada public next', 'bob private']) name;
insert into design.hinge_specs (version_id, family, params)
select id('version ' || name), 'butt', '{"canary": 1}' from unnest(array['ada private', 'ada community', 'ada public', 'ada public next', 'bob private']) name;
insert into design.bom_items (version_id, line_no, term_id, quantity)
select id('version ' || name), 1, id('topic'), 1 from unnest(array['ada private', 'ada community', 'ada public', 'ada public next', 'bob private']) name;

insert into design.reviews (id, version_id, reviewer_id) values
  (id('review by bob'), id('version ada private'), id('bob')), (id('review by ada'), id('version bob private'), id('ada')), (id('review by eve'), id('version ada public'), id('eve'));

insert into design.listings (id, design_id, version_id, status, price_usd)
select id('listing ' || name), id('design ' || name), id('version ' || name), status, 10
from (values ('ada public', 'listed'), ('ada community', 'sold_out'), ('ada private', 'draft'), ('bob public', 'suspended')) l(name, status);
insert into design.listing_ratings (listing_id, user_id, stars, body) values
  (id('listing ada public'), id('bob'), 1, 'canary'), (id('listing ada public'), id('cal'), 5, 'canary'), (id('listing bob public'), id('ada'), 3, 'canary'),
  (id('listing ada public'), id('ada'), 5, 'canary');

insert into design.edit_locks (design_id, path, user_id, expires_at) values (id('design ada private'), 'canary.stl', id('cal'), now() + interval '5 minutes');
insert into design.licences (spdx_id, name, kind, text_url) values ('CANARY', 'Canary', 'content', 'https://canary.example');
insert into design.licence_compatibility (inbound_spdx, outbound_spdx, verdict) values ('CANARY', 'CC0-1.0', 'forbidden');
insert into design.spec_schemas (family, version, json_schema, units) values ('canary', 1, '{"properties": {}}', '{}');
insert into design.material_properties (material, density_g_cm3, shear_mpa, cost_usd_kg, source) values ('canary', 1, 1, 1, 'canary');
