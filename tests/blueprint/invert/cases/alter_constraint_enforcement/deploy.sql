alter table core.orders alter constraint orders_user_id_fk enforced;
