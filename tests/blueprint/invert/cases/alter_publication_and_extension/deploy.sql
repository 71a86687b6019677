alter publication feed add table core.other;
