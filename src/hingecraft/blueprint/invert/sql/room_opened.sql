select case when to_regnamespace(quote_ident({room})) is null then format('select blueprint.close_room(%L);', {room}::text)
    else format('refused: room %s is open already and its registration would not come back: write the revert', {room}::text) end
