//! What programs ask about lists of properties.

pub(in crate::ffi) use crate::ffi::property_list::{add, free};

use crate::ffi::boundary::Failure;
use crate::ffi::c_spelling::MQTTPropertyCodes;
use crate::ffi::properties::{MQTTProperties, MQTTProperty, PropertyTypeNames as Type};
use crate::ffi::property_list;
use std::ffi::c_int;
use std::ptr;

/// Answer for a property that has no numeric value.
const NOT_A_NUMBER: i64 = -999_999;

pub(in crate::ffi) fn type_of(id: MQTTPropertyCodes) -> c_int {
    property_list::type_of(id).map_or(-1, |of| of as c_int)
}

/// # Safety
///
/// `list` is NULL or a list.
pub(in crate::ffi) unsafe fn copy(list: *const MQTTProperties) -> MQTTProperties {
    let mut copy = MQTTProperties::FAILURE;
    // SAFETY: a list, as promised by the caller.
    for property in unsafe { property_list::entries(list) } {
        // SAFETY: `property` is an entry of the list, `copy` the list being made.
        if unsafe { add(&mut copy, property) } == property_list::MEMORY_ERROR {
            // SAFETY: nobody else knows the copy.
            unsafe { free(&mut copy) };
            break;
        }
    }
    copy
}

/// # Safety
///
/// `list` is NULL or a list.
pub(in crate::ffi) unsafe fn count(list: *const MQTTProperties, id: MQTTPropertyCodes) -> c_int {
    // SAFETY: a list, as promised by the caller.
    let entries = unsafe { property_list::entries(list) };
    let count = entries.iter().filter(|p| p.identifier == id).count();
    c_int::try_from(count).unwrap_or(c_int::MAX)
}

/// # Safety
///
/// `list` is NULL or a list.
pub(in crate::ffi) unsafe fn find(
    list: *const MQTTProperties,
    id: MQTTPropertyCodes,
    index: c_int,
) -> *mut MQTTProperty {
    // SAFETY: a list, as promised by the caller.
    let entries = unsafe { property_list::entries(list) };
    let Ok(nth) = usize::try_from(index) else {
        return ptr::null_mut();
    };
    let mut matches = (0..entries.len()).filter(|&i| entries[i].identifier == id);
    match matches.nth(nth) {
        // SAFETY: the list has entries, so it is not NULL, and this is one of them.
        Some(position) => unsafe { (*list).array.add(position) },
        None => ptr::null_mut(),
    }
}

/// # Safety
///
/// `list` is NULL or a list.
pub(in crate::ffi) unsafe fn numeric_value(
    list: *const MQTTProperties,
    id: MQTTPropertyCodes,
    index: c_int,
) -> i64 {
    // Here, other than in `find`, the original takes a negative index as 0.
    let index = index.max(0);
    // SAFETY: a list, as promised by the caller; `find` answers with one of its entries or NULL.
    let Some(property) = (unsafe { find(list, id, index).as_ref() }) else {
        return i64::FAILURE;
    };
    // SAFETY: the identifier tells which member of the union was written.
    unsafe {
        match property_list::type_of(id) {
            Some(Type::MQTTPROPERTY_TYPE_BYTE) => property.value.byte.into(),
            Some(Type::MQTTPROPERTY_TYPE_TWO_BYTE_INTEGER) => property.value.integer2.into(),
            Some(
                Type::MQTTPROPERTY_TYPE_FOUR_BYTE_INTEGER
                | Type::MQTTPROPERTY_TYPE_VARIABLE_BYTE_INTEGER,
            ) => property.value.integer4.into(),
            _ => NOT_A_NUMBER,
        }
    }
}
