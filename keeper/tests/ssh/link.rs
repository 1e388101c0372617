//! A network link between the client and the server that can be cut.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// Link for one connection. Dropping it cuts it.
pub(crate) struct Link {
    pub(crate) port: u16,
    silent: Arc<AtomicBool>,
    ends: Arc<Mutex<Vec<TcpStream>>>,
}

impl Link {
    /// Waits for a connection, which is passed on to that server.
    pub(crate) fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (silent, ends) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let this = Self { port, silent: Arc::clone(&silent), ends: Arc::clone(&ends) };
        thread::spawn(move || {
            let (client, _) = listener.accept().unwrap();
            let server = TcpStream::connect(server).unwrap();
            let both = [(&client, &server), (&server, &client)].map(|(from, to)| {
                let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                (from, to, Arc::clone(&silent))
            });
            ends.lock().unwrap().extend([client, server]);
            for (from, to, silent) in both {
                thread::spawn(move || copy(from, to, &silent));
            }
        });
        this
    }

    /// Loses everything from now on. Neither side notices it.
    pub(crate) fn silence(&self) {
        self.silent.store(true, Ordering::Relaxed);
    }

    /// Ends the connection on both sides.
    pub(crate) fn cut(&self) {
        self.ends.lock().unwrap().iter().for_each(|end| drop(end.shutdown(Shutdown::Both)));
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.cut();
    }
}

fn copy(mut from: TcpStream, mut to: TcpStream, silent: &AtomicBool) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        if !silent.load(Ordering::Relaxed) && to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    if !silent.load(Ordering::Relaxed) {
        let _ = to.shutdown(Shutdown::Write);
    }
}
