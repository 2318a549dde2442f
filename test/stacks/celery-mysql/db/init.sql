-- Crear base de datos si no existe
CREATE DATABASE IF NOT EXISTS backend_optimizacion
CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
USE backend_optimizacion;
CREATE USER IF NOT EXISTS 'backend_user'@'%' IDENTIFIED BY 'user_password';
GRANT ALL PRIVILEGES ON backend_optimizacion.* TO 'backend_user'@'%';
FLUSH PRIVILEGES;
