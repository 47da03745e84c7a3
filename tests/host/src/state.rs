//! What belongs to one instance, and `spin:variables` on top of it.

use std::sync::Arc;

use wasmtime::component::{Accessor, HasData, ResourceTable};
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_http::{
    DEFAULT_FORBIDDEN_HEADERS, Error as HttpError, ForbiddenHeaderFilter, RequestOptions, WasiBody, WasiHttpCtx,
    WasiHttpCtxView, WasiHttpHooks, WasiHttpView,
};

use crate::{
    app::Component,
    bindings::variables::{Error, Host, HostWithStore},
    outgoing::Outgoing,
    postgres, variables,
};

/// The data of a store.
pub struct State {
    component: Arc<Component>,
    table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    outgoing: Outgoing,
    restricted: Headers,
    unfiltered: Headers,
}

impl State {
    /// The state of a new instance.
    ///
    /// # Errors
    /// The component's files cannot be opened.
    pub fn new(component: Arc<Component>, outgoing: Outgoing) -> wasmtime::Result<Self> {
        // Nothing of the file system, of this process's environment or of the network: only what is granted by name.
        let mut wasi = WasiCtxBuilder::new();
        wasi.envs(&component.environment).stdout(component.logs.stdout.clone()).stderr(component.logs.stderr.clone());
        if let Some(files) = &component.files {
            wasi.preopened_dir(files.folder(), "/", FsPerms::ReadOnly)?;
        }
        let wasi = wasi.build();
        Ok(Self {
            component,
            table: ResourceTable::new(),
            wasi,
            http: WasiHttpCtx::new(),
            outgoing,
            restricted: Headers::Restricted,
            unfiltered: Headers::Unfiltered,
        })
    }

    /// The view through which requests and responses come in.
    pub fn unfiltered(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.unfiltered, table: &mut self.table, ctx: &mut self.http }
    }

    /// The way out for calls.
    pub fn outgoing(&self) -> Outgoing {
        self.outgoing.clone()
    }

    /// The view of the database interface.
    pub fn postgres(&mut self) -> postgres::View<'_> {
        postgres::View { table: &mut self.table, component: &self.component }
    }

    /// The view of the variables interface.
    pub fn variables(&mut self) -> &mut Self {
        self
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.restricted, table: &mut self.table, ctx: &mut self.http }
    }
}

/// Which headers the guest may not see or set. wasmtime has one answer for both; that of Spin lets the guest see all.
enum Headers {
    Restricted,
    Unfiltered,
}

impl WasiHttpHooks for Headers {
    fn forbidden_header_filter(&mut self) -> ForbiddenHeaderFilter {
        match self {
            Self::Restricted => Arc::new(|name| DEFAULT_FORBIDDEN_HEADERS.contains(name)),
            Self::Unfiltered => Arc::new(|_| false),
        }
    }

    fn send_request(
        &mut self,
        _: http::Request<WasiBody>,
        _: Option<RequestOptions>,
        _: Box<dyn Future<Output = Result<(), HttpError>> + Send>,
    ) -> Sent {
        // Calls go by `outgoing`, which is linked instead of what would come here.
        Box::new(async { Err(HttpError::HttpRequestDenied) })
    }
}

type Progress = Box<dyn Future<Output = Result<(), HttpError>> + Send>;
type Sent = Box<dyn Future<Output = Result<(http::Response<WasiBody>, Progress), HttpError>> + Send>;

/// `spin:variables`, as the linker wants it named.
pub struct VariablesOf;

impl HasData for VariablesOf {
    type Data<'a> = &'a mut State;
}

impl Host for State {}

impl<T> HostWithStore<T> for VariablesOf {
    async fn get(accessor: &Accessor<T, Self>, name: String) -> Result<String, Error> {
        variables::check_name(&name).map_err(|reason| Error::InvalidName(format!("{name:?}: {reason}")))?;
        accessor.with(|mut access| {
            let component = &access.get().component;
            let value = component.variables.get(&name).cloned();
            value.ok_or_else(|| Error::Undefined(format!("no variable for {:?}.{name:?}", component.id)))
        })
    }
}
