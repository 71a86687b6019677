drop publication all_of_it;
drop publication feed;
