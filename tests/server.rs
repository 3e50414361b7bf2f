//! The port, over real sockets.

#[cfg(test)]
mod server {
    mod api;
    mod http;
    mod past;
    mod protocol;
    mod stream;
    pub mod world;
}
