set local lock_timeout = '1s';

set local role none;

select set_config('core.x', 'y', true);

set constraints all deferred;

lock table core.users in share mode;

analyze core.users;
