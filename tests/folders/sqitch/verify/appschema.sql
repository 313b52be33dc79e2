SELECT nickname FROM members WHERE FALSE;
