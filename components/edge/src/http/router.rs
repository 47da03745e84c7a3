//! From a request to its handler: by path and method, with 404, 405 with `Allow`, and HEAD.

use super::serve::Failure;
use super::{FromRequest, Request, Response};
use crate::Problem;
use http::Method;
use messaging_core::paths;
use std::future::Future;
use std::pin::Pin;

type Responding<F> = Pin<Box<dyn Future<Output = Result<Response, F>>>>;

/// An async function whose arguments are read from the request, in their order: who calls comes before the body.
pub trait Handler<Arguments, F> {
    /// Reads the arguments and runs the function; what cannot be read is the response.
    fn call(self, request: Request) -> Responding<F>;
}

/// Rust has no functions of any number of arguments, so there is one implementation for each number.
macro_rules! handler {
    ($($argument:ident)*) => {
        impl<Function, Output, F, $($argument),*> Handler<($($argument,)*), F> for Function
        where
            Function: FnOnce($($argument),*) -> Output + 'static,
            Output: Future<Output = Result<Response, F>> + 'static,
            F: Failure,
            $($argument: FromRequest + 'static),*
        {
            #[allow(non_snake_case, unused_mut, unused_variables)]
            fn call(self, mut request: Request) -> Responding<F> {
                Box::pin(async move {
                    $(let $argument = $argument::from_request(&mut request).await?;)*
                    self($($argument),*).await
                })
            }
        }
    };
}

handler!();
handler!(A);
handler!(A B);
handler!(A B C);
handler!(A B C D);
handler!(A B C D E);

/// The routes of a component, tried against one request.
pub struct Router<F> {
    request: Option<Request>,
    responding: Option<Responding<F>>,
    pattern: Option<&'static str>,
    allowed: Vec<Method>,
}

impl<F: Failure> Router<F> {
    pub(super) fn new(request: Request) -> Self {
        Self { request: Some(request), responding: None, pattern: None, allowed: Vec::new() }
    }

    /// Handles a method of a path; `pattern` is a constant of `messaging_core::paths`.
    pub fn on<A>(mut self, method: Method, pattern: &'static str, handler: impl Handler<A, F>) -> Self {
        let params = self.request.as_ref().and_then(|request| paths::parse(pattern, request.path(), decode));
        let Some(params) = params else { return self };
        // Of the path, and not of the method, which may be one that it does not have.
        self.pattern.get_or_insert(pattern);
        match self.request.take_if(|request| *request.method() == method) {
            Some(mut request) => {
                request.set_params(params);
                self.responding = Some(handler.call(request));
            }
            None => self.allowed.push(method),
        }
        self
    }

    /// GET, and HEAD: the host leaves the body out.
    pub fn get<A>(self, pattern: &'static str, handler: impl Handler<A, F>) -> Self {
        self.on(Method::GET, pattern, handler)
    }

    /// POST.
    pub fn post<A>(self, pattern: &'static str, handler: impl Handler<A, F>) -> Self {
        self.on(Method::POST, pattern, handler)
    }

    /// PUT.
    pub fn put<A>(self, pattern: &'static str, handler: impl Handler<A, F>) -> Self {
        self.on(Method::PUT, pattern, handler)
    }

    /// PATCH.
    pub fn patch<A>(self, pattern: &'static str, handler: impl Handler<A, F>) -> Self {
        self.on(Method::PATCH, pattern, handler)
    }

    /// DELETE.
    pub fn delete<A>(self, pattern: &'static str, handler: impl Handler<A, F>) -> Self {
        self.on(Method::DELETE, pattern, handler)
    }

    /// Reads `T` from a request that no route before has taken, so that a caller without it learns of no path and no
    /// method.
    pub fn check_unmatched<T: FromRequest + 'static>(mut self) -> Self {
        if let Some(mut request) = self.request.take() {
            let unmatched = self.unmatched();
            self.responding = Some(Box::pin(async move {
                T::from_request(&mut request).await?;
                Err(unmatched.into())
            }));
        }
        self
    }

    /// The pattern that the request's path fits.
    pub(super) fn pattern(&self) -> Option<&'static str> {
        self.pattern
    }

    pub(super) async fn respond(self) -> Result<Response, F> {
        match self.responding {
            Some(responding) => responding.await,
            None => Err(self.unmatched().into()),
        }
    }

    /// 404, or 405 where the path has other methods.
    fn unmatched(&self) -> Problem {
        if self.allowed.is_empty() {
            return Problem::not_found("route");
        }
        let methods: Vec<_> = self.allowed.iter().map(Method::as_str).collect();
        Problem::method_not_allowed(&methods.join(", "))
    }
}

fn decode(segment: &str) -> String {
    percent_encoding::percent_decode_str(segment).decode_utf8().unwrap_or_default().into_owned()
}
