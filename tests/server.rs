//! The port, over real sockets.

#[cfg(test)]
mod server {
    mod actions;
    mod api;
    mod components;
    mod doors;
    mod http;
    mod openapi;
    mod page;
    mod past;
    mod ping;
    mod protocol;
    mod status;
    mod stream;
    pub mod world;
}
