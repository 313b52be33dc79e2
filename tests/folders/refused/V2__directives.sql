-- migrator: timout=5min
COPY mine FROM PROGRAM 'cat /etc/passwd';
DROP TABLE other_tenant.mine;
