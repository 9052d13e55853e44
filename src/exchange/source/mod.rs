//! Where somebody's public files are read: a folder, a web server, memory in tests.
